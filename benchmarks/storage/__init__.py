"""How the queries of page, API, recall and reports fare in a database of many fixes."""

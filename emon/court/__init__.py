"""The court file: the whole life of one alert, to be read, printed and checked without the database."""

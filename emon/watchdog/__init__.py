"""Is the platform itself well? From within (the service's watchdog) and from outside (``emon watch``)."""

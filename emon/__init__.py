"""emon: an electronic-monitoring engine for location and area bans."""

__version__ = "0.1.0"

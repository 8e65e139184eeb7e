"""The servers under measurement: how each is installed, configured and started."""

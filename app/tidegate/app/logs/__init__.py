"""What the program says of itself (``application-log``) and of the mail it takes (``received-log-file``)."""

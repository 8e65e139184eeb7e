"""Failure notices that are no delivery status notifications: the formats of before RFC 3464 and of those who never took it up."""

"""Authentication back ends, one module for each technology; each plays :class:`tidegate.ports.authenticator.Authenticator`.

Libraries that not everybody needs (ldap3, pyrad, httpx2, python-pam) are imported when a back end is made.
"""

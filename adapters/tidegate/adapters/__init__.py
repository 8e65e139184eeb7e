"""Technologies that play the roles of :mod:`tidegate.ports`: one module or package each, none knowing another."""

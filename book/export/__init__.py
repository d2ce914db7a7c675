"""From a chapter to a notebook: ``notebooks`` is the command, ``export`` the conversion."""

"""The lecture admin: the list that moves by itself, one lecture, what is done with it, what runs where."""

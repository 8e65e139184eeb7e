"""Running the checks of a message: their look-ups, deadlines and limits."""

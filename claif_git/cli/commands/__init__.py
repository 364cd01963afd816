"""One module a command: its arguments, the one call to the library, and what is shown of the answer."""

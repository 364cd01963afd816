"""The text of every file in a store: bytes in, values out, and back. Pure: no I/O.

values        JSON that every YAML reader reads alike, and the escape for lone surrogates
lines         the scanner of `key: value` files that we wrote
handwritten   the strict YAML reader for what a person wrote
blocks        content blocks as one line each, with parts in the body and payloads beside it
messages, settings, header, drops    one kind of file each
merging       two edits of one file
"""

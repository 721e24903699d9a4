"""The journal's independent reader: checks a journal file with nothing of the engine's own code.

It needs Python and its standard library only, opens a copied file without changing it, and shares
no line with the program that wrote the file: an auditor can read all of it in an hour, beginning
with `README.md` beside this file. `journal` checks a file, `proof` one receipt alone, `hashes` says
how records and trees are hashed, `inputs` reads what is held against them.
"""

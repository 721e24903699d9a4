"""The journal's independent reader: checks a journal file with nothing of the engine's own code.

It needs Python and its standard library only, opens a copied file without changing it, and shares
no line with the program that wrote the file: an auditor can read all of it in an hour. The file's
form is described at the top of `verifier.__main__`.
"""

"""What the providers offer: models, languages, limits. Facts of their documents, each with its source and its date.

Pure data, and what can be said from it alone: agent files are checked against it before anybody calls.
"""

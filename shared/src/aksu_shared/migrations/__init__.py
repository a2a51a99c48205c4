"""What migrations of several services have in common: SQL that is never edited once it has landed.

A file's name says what it makes and its version: a later change of the same thing is a file of its own
(`bookkeeping_v2.sql`: from version 1 to 2) that a migration of each service runs.
"""

"""Identity and rights: who calls, what they may do, and to whose objects."""

"""The torture rig: load, kills and faults against a whole platform, and a checker that counts broken promises."""

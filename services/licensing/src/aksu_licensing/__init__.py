"""Licensing: applications and licences of providers of social services (чл. 146–160 ЗСУ)."""

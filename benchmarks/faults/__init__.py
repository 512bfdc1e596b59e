"""Are planted faults found, and does cleaning help?"""

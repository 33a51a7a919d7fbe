// What it does is in the modules that are loaded before it.

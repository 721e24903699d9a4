"""Cash drawers: kicked and watched through the plug of a receipt printer."""

"""What a profile answers, one module for each kind of rule."""

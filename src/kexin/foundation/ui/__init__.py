"""The look of the house: base layout, components, style and script. No business, no models."""

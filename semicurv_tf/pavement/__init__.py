"""Tables for pavement engineers: crack length by width class, density per square metre, sections along a road."""

"""Stock in the wrong place: excess, what runs down, what moves where this week."""

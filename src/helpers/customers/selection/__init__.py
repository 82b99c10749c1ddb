"""Who is contacted in the planned campaigns."""

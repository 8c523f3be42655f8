"""Questions about descents, answered by processes of their own: the API's threads never differentiate."""

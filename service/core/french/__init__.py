"""The French of the service's sentences, a module a subject: English template → French template.

A name in braces is a value, which both texts have; one that begins with `list` holds a list. A space before a colon, a
semicolon, a question mark or within « » becomes a non-breaking one (`service.core.translation`).
"""

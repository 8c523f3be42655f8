"""A random identity of the database, in the header of the file."""

import secrets

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(f"PRAGMA application_id = {1 + secrets.randbelow(2**31 - 1)}")

-- +goose Up
-- Pages are edited as drafts: revision counts what is published (0 = never), an
-- empty draft is the same as what is published.
ALTER TABLE pages ADD COLUMN draft TEXT NOT NULL DEFAULT '';
ALTER TABLE pages ADD COLUMN draft_revision BIGINT NOT NULL DEFAULT 0;

CREATE TABLE page_commands (
  id        TEXT PRIMARY KEY,
  page_id   BIGINT NOT NULL REFERENCES pages (id),
  revision  BIGINT NOT NULL,
  label     TEXT NOT NULL,
  commands  TEXT NOT NULL,
  before    TEXT NOT NULL,
  after     TEXT NOT NULL,
  touched   TEXT NOT NULL DEFAULT '[]',
  author_id BIGINT NOT NULL DEFAULT 0,
  state     TEXT NOT NULL DEFAULT 'done',
  at        BIGINT NOT NULL
);
CREATE INDEX page_commands_page ON page_commands (page_id, revision);

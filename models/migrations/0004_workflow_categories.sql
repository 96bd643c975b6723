-- +goose Up
-- Categories are labels of workflows; a workflow may carry several.
CREATE TABLE workflow_categories (
  id         @PK@,
  title      TEXT NOT NULL,
  colour     TEXT NOT NULL DEFAULT '',
  position   BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE workflow_category_members (
  category_id BIGINT NOT NULL REFERENCES workflow_categories (id),
  workflow_id BIGINT NOT NULL REFERENCES workflows (id),
  PRIMARY KEY (category_id, workflow_id)
);
CREATE INDEX workflow_category_members_workflow ON workflow_category_members (workflow_id);

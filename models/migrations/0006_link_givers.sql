-- +goose Up
-- Who gave a one-time link: it lets nobody in who may do more than he.
ALTER TABLE one_time_links ADD COLUMN created_by_id BIGINT NOT NULL DEFAULT 0;

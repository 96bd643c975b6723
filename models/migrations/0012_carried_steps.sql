-- +goose Up
-- The execution that a step was carried over from by a retry; its effects happened there.
ALTER TABLE steps ADD COLUMN carried_from TEXT NOT NULL DEFAULT '';

-- +goose Up
-- The signature of a call to the address of a step: the same one counts once. Empty where none is asked for.
ALTER TABLE callback_calls ADD COLUMN proof TEXT NOT NULL DEFAULT '';

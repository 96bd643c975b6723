// Package models holds the system nouns of Formrail: their rules and their
// storage. People, roles, collections, workflows, executions, steps, wake-ups,
// tasks, events and the logs beside them live here; records of user-made
// collections live in models/records.
//
// All changes go through [DB.Write]; reading goes through [DB.Read]. Both work
// on SQLite and on PostgreSQL. Times are stored as [Millis], ids of executions,
// steps, tasks and events as the text that [NewID] makes.
package models

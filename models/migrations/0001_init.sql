-- +goose Up

-- Small facts of the installation: base address, versions of what is cached.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- People ------------------------------------------------------------------

CREATE TABLE users (
  id            @PK@,
  username      TEXT NOT NULL,
  email         TEXT NOT NULL,
  nickname      TEXT NOT NULL,
  phone         TEXT,
  locale        TEXT NOT NULL DEFAULT 'en',
  time_zone     TEXT NOT NULL DEFAULT '',
  theme         TEXT NOT NULL DEFAULT '',
  manager_id    BIGINT REFERENCES users (id),
  default_role  TEXT NOT NULL DEFAULT 'member',
  status        TEXT NOT NULL DEFAULT 'active',
  epoch         BIGINT NOT NULL DEFAULT 1,
  password_hash TEXT NOT NULL DEFAULT '',
  last_seen_at  BIGINT NOT NULL DEFAULT 0,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  created_by_id BIGINT,
  updated_by_id BIGINT,
  _version      BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE UNIQUE INDEX users_email ON users (email);

CREATE TABLE roles (
  name        TEXT PRIMARY KEY,
  title       TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  rights      TEXT NOT NULL DEFAULT '[]',
  builtin     BIGINT NOT NULL DEFAULT 0,
  for_new     BIGINT NOT NULL DEFAULT 0,
  created_at  BIGINT NOT NULL
);

CREATE TABLE role_grants (
  id          @PK@,
  role        TEXT NOT NULL REFERENCES roles (name),
  collection  TEXT NOT NULL,
  action      TEXT NOT NULL,
  fields      TEXT,
  scope       TEXT NOT NULL DEFAULT 'all',
  scope_field TEXT NOT NULL DEFAULT ''
);
CREATE INDEX role_grants_role ON role_grants (role);
CREATE INDEX role_grants_collection ON role_grants (collection);

CREATE TABLE user_roles (
  user_id BIGINT NOT NULL REFERENCES users (id),
  role    TEXT NOT NULL REFERENCES roles (name),
  PRIMARY KEY (user_id, role)
);

CREATE TABLE groups (
  id         @PK@,
  code       TEXT NOT NULL UNIQUE,
  title      TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE group_members (
  group_id BIGINT NOT NULL REFERENCES groups (id),
  user_id  BIGINT NOT NULL REFERENCES users (id),
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id);

CREATE TABLE group_roles (
  group_id BIGINT NOT NULL REFERENCES groups (id),
  role     TEXT NOT NULL REFERENCES roles (name),
  PRIMARY KEY (group_id, role)
);

CREATE TABLE sessions (
  hash         TEXT PRIMARY KEY,
  public_id    TEXT NOT NULL UNIQUE,
  user_id      BIGINT NOT NULL REFERENCES users (id),
  kind         TEXT NOT NULL,
  active_role  TEXT NOT NULL DEFAULT '',
  stay         BIGINT NOT NULL DEFAULT 0,
  address      TEXT NOT NULL DEFAULT '',
  agent        TEXT NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  proven_at    BIGINT NOT NULL,
  idle_ms      BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
  id                TEXT PRIMARY KEY,
  hash              TEXT NOT NULL UNIQUE,
  user_id           BIGINT NOT NULL REFERENCES users (id),
  name              TEXT NOT NULL,
  scopes            TEXT NOT NULL DEFAULT '[]',
  role              TEXT NOT NULL DEFAULT '',
  created_at        BIGINT NOT NULL,
  expires_at        BIGINT NOT NULL,
  last_used_at      BIGINT NOT NULL DEFAULT 0,
  last_used_address TEXT NOT NULL DEFAULT ''
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

-- One-time links: the first administrator, a demo sign-in.
CREATE TABLE one_time_links (
  hash       TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,
  user_id    BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL DEFAULT 0
);

-- Failed sign-ins and other counted attempts.
CREATE TABLE rate_counters (
  name       TEXT NOT NULL,
  window_at  BIGINT NOT NULL,
  count      BIGINT NOT NULL,
  PRIMARY KEY (name, window_at)
);

CREATE TABLE audit_log (
  seq         @PK@,
  at          BIGINT NOT NULL,
  principal   TEXT NOT NULL,
  role        TEXT NOT NULL DEFAULT '',
  action      TEXT NOT NULL,
  object_type TEXT NOT NULL DEFAULT '',
  object_id   TEXT NOT NULL DEFAULT '',
  title       TEXT NOT NULL DEFAULT '',
  result      TEXT NOT NULL DEFAULT 'ok',
  reason      TEXT NOT NULL DEFAULT '',
  changed     TEXT NOT NULL DEFAULT '[]',
  request_id  TEXT NOT NULL DEFAULT '',
  prev_hash   TEXT NOT NULL,
  hash        TEXT NOT NULL
);

-- Collections and pages -----------------------------------------------------

CREATE TABLE collections (
  id         @PK@,
  name       TEXT NOT NULL,
  snake      TEXT NOT NULL,
  table_name TEXT NOT NULL,
  definition TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX collections_snake ON collections (snake) WHERE deleted_at = 0;

CREATE TABLE collection_fields (
  id            @PK@,
  collection_id BIGINT NOT NULL REFERENCES collections (id),
  name          TEXT NOT NULL,
  snake         TEXT NOT NULL,
  column_name   TEXT NOT NULL,
  type          TEXT NOT NULL,
  position      BIGINT NOT NULL,
  definition    TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  deleted_at    BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX collection_fields_snake ON collection_fields (collection_id, snake) WHERE deleted_at = 0;

-- Former names that live and pinned versions and API callers may still use.
CREATE TABLE aliases (
  id            @PK@,
  collection_id BIGINT NOT NULL REFERENCES collections (id),
  field_id      BIGINT NOT NULL DEFAULT 0,
  snake         TEXT NOT NULL,
  created_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX aliases_snake ON aliases (collection_id, field_id, snake);

CREATE TABLE pages (
  id         @PK@,
  page_key   TEXT NOT NULL UNIQUE,
  title      TEXT NOT NULL,
  icon       TEXT NOT NULL DEFAULT '',
  position   BIGINT NOT NULL DEFAULT 0,
  audience   TEXT NOT NULL DEFAULT '[]',
  document   TEXT NOT NULL,
  revision   BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT NOT NULL DEFAULT 0
);

-- What happened ---------------------------------------------------------------

CREATE TABLE events (
  seq           @PK@,
  uuid          TEXT NOT NULL UNIQUE,
  event         TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id   TEXT NOT NULL,
  payload       TEXT NOT NULL,
  changed       TEXT NOT NULL DEFAULT '[]',
  user_id       BIGINT NOT NULL DEFAULT 0,
  at            BIGINT NOT NULL,
  request_id    TEXT NOT NULL DEFAULT '',
  execution_id  TEXT NOT NULL DEFAULT '',
  step_id       TEXT NOT NULL DEFAULT '',
  silent        BIGINT NOT NULL DEFAULT 0,
  origin        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX events_resource ON events (resource_type, resource_id);

CREATE TABLE change_log (
  id           @PK@,
  collection   TEXT NOT NULL,
  record_id    TEXT NOT NULL,
  action       TEXT NOT NULL,
  changes      TEXT NOT NULL,
  user_id      BIGINT NOT NULL DEFAULT 0,
  principal    TEXT NOT NULL,
  role         TEXT NOT NULL DEFAULT '',
  origin       TEXT NOT NULL DEFAULT '',
  page_action  TEXT NOT NULL DEFAULT '',
  request_id   TEXT NOT NULL DEFAULT '',
  execution_id TEXT NOT NULL DEFAULT '',
  step_id      TEXT,
  event_uuid   TEXT NOT NULL,
  at           BIGINT NOT NULL
);
CREATE INDEX change_log_record ON change_log (collection, record_id, id);
CREATE INDEX change_log_step ON change_log (step_id) WHERE step_id IS NOT NULL;

CREATE TABLE idempotency_keys (
  principal    TEXT NOT NULL,
  method       TEXT NOT NULL,
  path         TEXT NOT NULL,
  idem_key     TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  result       TEXT NOT NULL DEFAULT '',
  status       BIGINT NOT NULL DEFAULT 0,
  body         TEXT NOT NULL DEFAULT '',
  at           BIGINT NOT NULL,
  PRIMARY KEY (principal, method, path, idem_key)
);
CREATE INDEX idempotency_keys_at ON idempotency_keys (at);

-- Workflows -------------------------------------------------------------------

CREATE TABLE workflows (
  id             @PK@,
  wf_key         TEXT NOT NULL UNIQUE,
  title          TEXT NOT NULL,
  description    TEXT NOT NULL DEFAULT '',
  type           TEXT NOT NULL,
  sync           BIGINT NOT NULL DEFAULT 0,
  enabled        BIGINT NOT NULL DEFAULT 0,
  live_version   BIGINT NOT NULL DEFAULT 0,
  draft          TEXT NOT NULL,
  draft_revision BIGINT NOT NULL DEFAULT 0,
  draft_dirty    BIGINT NOT NULL DEFAULT 1,
  owner_id       BIGINT NOT NULL DEFAULT 0,
  options        TEXT NOT NULL DEFAULT '{}',
  executions     BIGINT NOT NULL DEFAULT 0,
  created_by_id  BIGINT NOT NULL DEFAULT 0,
  created_at     BIGINT NOT NULL,
  updated_at     BIGINT NOT NULL,
  deleted_at     BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE workflow_versions (
  id           @PK@,
  workflow_id  BIGINT NOT NULL REFERENCES workflows (id),
  number       BIGINT NOT NULL,
  definition   TEXT NOT NULL,
  hash         TEXT NOT NULL,
  grants       TEXT NOT NULL DEFAULT '[]',
  elevated     TEXT NOT NULL DEFAULT '{}',
  note         TEXT NOT NULL DEFAULT '',
  author_id    BIGINT NOT NULL DEFAULT 0,
  published_at BIGINT NOT NULL,
  UNIQUE (workflow_id, number)
);

CREATE TABLE draft_commands (
  id          TEXT PRIMARY KEY,
  workflow_id BIGINT NOT NULL REFERENCES workflows (id),
  revision    BIGINT NOT NULL,
  label       TEXT NOT NULL,
  commands    TEXT NOT NULL,
  before      TEXT NOT NULL,
  after       TEXT NOT NULL,
  touched     TEXT NOT NULL DEFAULT '[]',
  author_id   BIGINT NOT NULL DEFAULT 0,
  state       TEXT NOT NULL DEFAULT 'done',
  at          BIGINT NOT NULL
);
CREATE INDEX draft_commands_workflow ON draft_commands (workflow_id, revision);

-- Executions ------------------------------------------------------------------

CREATE TABLE executions (
  number          @PK@,
  id              TEXT NOT NULL UNIQUE,
  workflow_id     BIGINT NOT NULL,
  version_id      BIGINT NOT NULL,
  definition_hash TEXT NOT NULL,
  status          TEXT NOT NULL,
  reason          TEXT NOT NULL DEFAULT '',
  mode            TEXT NOT NULL DEFAULT 'live',
  sync            BIGINT NOT NULL DEFAULT 0,
  trigger_data    TEXT NOT NULL,
  trigger_type    TEXT NOT NULL,
  resource_type   TEXT NOT NULL DEFAULT '',
  resource_id     TEXT NOT NULL DEFAULT '',
  principal       TEXT NOT NULL,
  user_id         BIGINT NOT NULL DEFAULT 0,
  cause           TEXT NOT NULL DEFAULT '{}',
  request_id      TEXT NOT NULL DEFAULT '',
  parent_id       TEXT,
  parent_step_id  TEXT,
  root_id         TEXT NOT NULL,
  depth           BIGINT NOT NULL DEFAULT 1,
  chain           TEXT NOT NULL DEFAULT '[]',
  rerun_of        TEXT NOT NULL DEFAULT '',
  business_key    TEXT NOT NULL DEFAULT '',
  idem_key        TEXT,
  output          TEXT,
  messages        TEXT NOT NULL DEFAULT '[]',
  error           TEXT NOT NULL DEFAULT '',
  attempts        BIGINT NOT NULL DEFAULT 0,
  lease_token     BIGINT NOT NULL DEFAULT 0,
  lease_until     BIGINT NOT NULL DEFAULT 0,
  step_count      BIGINT NOT NULL DEFAULT 0,
  created_at      BIGINT NOT NULL,
  started_at      BIGINT NOT NULL DEFAULT 0,
  ended_at        BIGINT NOT NULL DEFAULT 0,
  expires_at      BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX executions_idem ON executions (workflow_id, idem_key) WHERE idem_key IS NOT NULL;
CREATE INDEX executions_live ON executions (status) WHERE status IN ('queued', 'running', 'waiting');
CREATE INDEX executions_workflow ON executions (workflow_id, number);
CREATE INDEX executions_parent ON executions (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX executions_parent_step ON executions (parent_step_id) WHERE parent_step_id IS NOT NULL;
CREATE INDEX executions_root ON executions (root_id) WHERE depth > 1;
CREATE INDEX executions_resource ON executions (resource_type, resource_id, number);

CREATE TABLE steps (
  id             TEXT PRIMARY KEY,
  execution_id   TEXT NOT NULL,
  seq            BIGINT NOT NULL,
  node           TEXT NOT NULL,
  path           TEXT NOT NULL DEFAULT '',
  type           TEXT NOT NULL,
  title          TEXT NOT NULL DEFAULT '',
  status         TEXT NOT NULL,
  handled        BIGINT NOT NULL DEFAULT 0,
  attempt        BIGINT NOT NULL DEFAULT 1,
  parent_step_id TEXT,
  after_step_id  TEXT,
  branch         TEXT NOT NULL DEFAULT '',
  input          TEXT,
  output         TEXT,
  error          TEXT NOT NULL DEFAULT '',
  explanation    TEXT NOT NULL DEFAULT '',
  warnings       TEXT NOT NULL DEFAULT '[]',
  log            TEXT NOT NULL DEFAULT '[]',
  state          TEXT NOT NULL DEFAULT '',
  entered        BIGINT NOT NULL DEFAULT 0,
  effects        BIGINT NOT NULL DEFAULT 0,
  decision_version BIGINT NOT NULL DEFAULT 0,
  started_at     BIGINT NOT NULL,
  ended_at       BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX steps_place ON steps (execution_id, node, path);
CREATE INDEX steps_open ON steps (execution_id) WHERE status IN ('planned', 'running', 'waiting', 'unknown');
CREATE INDEX steps_open_parent ON steps (parent_step_id) WHERE status IN ('planned', 'running', 'waiting', 'unknown');

CREATE TABLE wakeups (
  id           @PK@,
  execution_id TEXT NOT NULL,
  step_id      TEXT,
  reason       TEXT NOT NULL,
  lane         BIGINT NOT NULL DEFAULT 1,
  due_at       BIGINT NOT NULL,
  state        TEXT NOT NULL DEFAULT 'ready',
  signal       TEXT NOT NULL DEFAULT '',
  lease_token  BIGINT NOT NULL DEFAULT 0,
  lease_until  BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL
);
CREATE INDEX wakeups_due ON wakeups (due_at) WHERE state <> 'done';
CREATE INDEX wakeups_execution ON wakeups (execution_id) WHERE state <> 'done';
CREATE INDEX wakeups_step ON wakeups (step_id) WHERE state <> 'done';

CREATE TABLE callbacks (
  id           @PK@,
  execution_id TEXT NOT NULL,
  step_id      TEXT NOT NULL,
  token_hash   TEXT NOT NULL UNIQUE,
  state        TEXT NOT NULL DEFAULT 'open',
  deadline     BIGINT
);
CREATE INDEX callbacks_open ON callbacks (execution_id) WHERE state = 'open';
CREATE INDEX callbacks_open_step ON callbacks (step_id) WHERE state = 'open';

CREATE TABLE trigger_log (
  id            @PK@,
  at            BIGINT NOT NULL,
  minute        BIGINT NOT NULL,
  workflow_id   BIGINT NOT NULL,
  workflow_key  TEXT NOT NULL,
  version_id    BIGINT NOT NULL DEFAULT 0,
  outcome       TEXT NOT NULL,
  reason        TEXT NOT NULL DEFAULT '',
  explanation   TEXT NOT NULL DEFAULT '',
  execution_id  TEXT,
  resource_type TEXT NOT NULL DEFAULT '',
  resource_id   TEXT NOT NULL DEFAULT '',
  user_id       BIGINT NOT NULL DEFAULT 0,
  request_id    TEXT NOT NULL DEFAULT '',
  chain         TEXT NOT NULL DEFAULT '[]',
  count         BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX trigger_log_workflow ON trigger_log (workflow_id, id);
CREATE INDEX trigger_log_resource ON trigger_log (resource_type, resource_id, id);
CREATE INDEX trigger_log_execution ON trigger_log (execution_id) WHERE execution_id IS NOT NULL;

CREATE TABLE schedule_slots (
  id           @PK@,
  schedule     TEXT NOT NULL,
  slot_at      BIGINT NOT NULL,
  state        TEXT NOT NULL DEFAULT 'due',
  reason       TEXT NOT NULL DEFAULT '',
  execution_id TEXT,
  UNIQUE (schedule, slot_at)
);

CREATE TABLE operations (
  id           TEXT PRIMARY KEY,
  kind         TEXT NOT NULL,
  state        TEXT NOT NULL DEFAULT 'queued',
  total        BIGINT NOT NULL DEFAULT 0,
  done         BIGINT NOT NULL DEFAULT 0,
  failed       BIGINT NOT NULL DEFAULT 0,
  started_by   BIGINT NOT NULL DEFAULT 0,
  input        TEXT NOT NULL DEFAULT '{}',
  result       TEXT NOT NULL DEFAULT '',
  lease_until  BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE stats_hourly (
  workflow_id BIGINT NOT NULL,
  version_id  BIGINT NOT NULL,
  node        TEXT NOT NULL DEFAULT '',
  hour        BIGINT NOT NULL,
  succeeded   BIGINT NOT NULL DEFAULT 0,
  failed      BIGINT NOT NULL DEFAULT 0,
  stopped     BIGINT NOT NULL DEFAULT 0,
  total_ms    BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (workflow_id, version_id, node, hour)
);

CREATE TABLE blobs (
  hash TEXT PRIMARY KEY,
  size BIGINT NOT NULL,
  data @BYTES@ NOT NULL
);

-- Tasks and approvals -----------------------------------------------------------

CREATE TABLE applications (
  id            TEXT PRIMARY KEY,
  number        TEXT NOT NULL,
  workflow_id   BIGINT NOT NULL,
  applicant_id  BIGINT,
  resource_type TEXT NOT NULL DEFAULT '',
  resource_id   TEXT NOT NULL DEFAULT '',
  title         TEXT NOT NULL DEFAULT '',
  status        TEXT NOT NULL,
  version       BIGINT NOT NULL DEFAULT 1,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL
);
CREATE INDEX applications_applicant ON applications (applicant_id, updated_at);

CREATE TABLE application_rounds (
  id             TEXT PRIMARY KEY,
  application_id TEXT NOT NULL REFERENCES applications (id),
  round          BIGINT NOT NULL,
  execution_id   TEXT NOT NULL,
  snapshot       TEXT NOT NULL,
  base_version   BIGINT NOT NULL DEFAULT 0,
  created_at     BIGINT NOT NULL,
  UNIQUE (application_id, round)
);
CREATE UNIQUE INDEX application_rounds_execution ON application_rounds (execution_id);

CREATE TABLE tasks (
  id             TEXT PRIMARY KEY,
  kind           TEXT NOT NULL,
  status         TEXT NOT NULL,
  version        BIGINT NOT NULL DEFAULT 1,
  paused         BIGINT NOT NULL DEFAULT 0,
  held_until     BIGINT NOT NULL DEFAULT 0,
  execution_id   TEXT NOT NULL,
  step_id        TEXT NOT NULL,
  node           TEXT NOT NULL,
  pass           BIGINT NOT NULL DEFAULT 1,
  seat_id        TEXT NOT NULL DEFAULT '',
  principal_id   BIGINT NOT NULL DEFAULT 0,
  actor_id       BIGINT NOT NULL DEFAULT 0,
  application_id TEXT NOT NULL DEFAULT '',
  round          BIGINT NOT NULL DEFAULT 1,
  workflow_id    BIGINT NOT NULL,
  title          TEXT NOT NULL,
  node_title     TEXT NOT NULL DEFAULT '',
  due_at         BIGINT NOT NULL DEFAULT 0,
  priority       BIGINT NOT NULL DEFAULT 0,
  opened_at      BIGINT NOT NULL,
  closed_at      BIGINT NOT NULL DEFAULT 0,
  closed_reason  TEXT NOT NULL DEFAULT '',
  comment        TEXT NOT NULL DEFAULT '',
  content_hash   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX tasks_open_execution ON tasks (execution_id) WHERE status = 'open';
CREATE INDEX tasks_open_step ON tasks (step_id) WHERE status = 'open';
CREATE INDEX tasks_step ON tasks (step_id);

CREATE TABLE task_candidates (
  task_id TEXT NOT NULL REFERENCES tasks (id),
  user_id BIGINT NOT NULL REFERENCES users (id),
  role    TEXT NOT NULL DEFAULT 'principal',
  status  TEXT NOT NULL DEFAULT 'open',
  due_at  BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (task_id, user_id)
);
CREATE INDEX task_candidates_user ON task_candidates (user_id, status, due_at);

CREATE TABLE task_seats (
  id          TEXT PRIMARY KEY,
  step_id     TEXT NOT NULL,
  pass        BIGINT NOT NULL DEFAULT 1,
  position    BIGINT NOT NULL,
  state       TEXT NOT NULL,
  user_id     BIGINT NOT NULL DEFAULT 0,
  explanation TEXT NOT NULL DEFAULT '',
  UNIQUE (step_id, pass, position)
);

CREATE TABLE task_actions (
  id           @PK@,
  task_id      TEXT NOT NULL REFERENCES tasks (id),
  step_id      TEXT NOT NULL,
  sequence     BIGINT NOT NULL,
  action       TEXT NOT NULL,
  actor_id     BIGINT NOT NULL,
  principal_id BIGINT NOT NULL DEFAULT 0,
  at           BIGINT NOT NULL,
  channel      TEXT NOT NULL,
  comment      TEXT NOT NULL DEFAULT '',
  evidence     TEXT NOT NULL DEFAULT '{}',
  prev_hash    TEXT NOT NULL,
  hash         TEXT NOT NULL
);
CREATE INDEX task_actions_task ON task_actions (task_id);
CREATE INDEX task_actions_step ON task_actions (step_id, sequence);

CREATE TABLE notifications (
  id           TEXT PRIMARY KEY,
  user_id      BIGINT NOT NULL REFERENCES users (id),
  kind         TEXT NOT NULL,
  title        TEXT NOT NULL,
  body         TEXT NOT NULL DEFAULT '',
  link         TEXT NOT NULL DEFAULT '',
  level        TEXT NOT NULL DEFAULT 'info',
  cause        TEXT NOT NULL,
  execution_id TEXT NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  read_at      BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX notifications_once ON notifications (cause, user_id);
CREATE INDEX notifications_user ON notifications (user_id, created_at);

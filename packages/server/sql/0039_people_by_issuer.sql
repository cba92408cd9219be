-- A person may sign in by an issuer: the session then stands on no key, but on who the issuer said it is.
alter table console_session alter column key_id drop not null;
alter table console_session add column subject text;
alter table console_session add column name text;
alter table console_session add column role text check (role in ('viewer', 'support', 'finance', 'admin'));
alter table console_session add constraint console_session_stands check (
  (key_id is not null and subject is null and role is null) or (key_id is null and subject is not null and name is not null and role is not null)
);

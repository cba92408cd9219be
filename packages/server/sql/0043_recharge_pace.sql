-- A rule that cannot buy now, for its cooldown or its bound, is not decided again before this instant.
alter table recharge_rule add column look_again_at timestamptz;

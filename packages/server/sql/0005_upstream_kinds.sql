-- Upstreams that speak other formats than OpenAI's.
alter table upstream drop constraint upstream_kind_check;
alter table upstream add constraint upstream_kind_check check (kind in ('openai', 'azure', 'anthropic', 'gemini'));

-- OpenAI's batches, and the files that they read and write: kept for whose they are.
alter table background_job drop constraint background_job_kind_check;
alter table background_job add constraint background_job_kind_check check (kind in ('response', 'message_batch', 'batch', 'file'));

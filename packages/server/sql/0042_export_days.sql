-- Days of the books whose records were written to the operator's storage.

create table export_day (
  day date primary key references book_day,
  files integer not null,
  exported_at timestamptz not null default now()
);

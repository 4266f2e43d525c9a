EXEC sp_rename 'dbo.user.name', 'title', 'COLUMN';
GO
ALTER TABLE [dbo].[user] ADD [role] nvarchar(max) NULL;
PRAGMA foreign_keys=OFF; CREATE TABLE __new_user AS SELECT * FROM user; ALTER TABLE __new_user RENAME TO user;
DO $$ BEGIN ALTER TABLE a ADD b int; EXCEPTION WHEN others THEN null; END $$;
CREATE FUNCTION f() RETURNS void AS $body$ SELECT E'\n', U&'x' $body$ LANGUAGE sql;

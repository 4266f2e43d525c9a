CREATE TABLE IF NOT EXISTS "public"."user" ("id" text PRIMARY KEY NOT NULL, "email" varchar(255) UNIQUE, created_at timestamp DEFAULT now(), CONSTRAINT "c" FOREIGN KEY ("id") REFERENCES "account"("id") ON DELETE CASCADE);
--> statement-breakpoint
ALTER TABLE "user" ADD COLUMN "role" text, DROP COLUMN IF EXISTS x, RENAME COLUMN a TO b;
CREATE UNIQUE INDEX CONCURRENTLY "i" ON "user" USING btree ("email", lower(name) DESC) WHERE id IS NOT NULL;
DROP TABLE IF EXISTS a, b CASCADE; -- comment

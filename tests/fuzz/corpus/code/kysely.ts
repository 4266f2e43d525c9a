import { Kysely, sql } from "kysely";
export async function up(db: Kysely<any>): Promise<void> {
  await db.schema.createTable("passkey").addColumn("id", "text", (c) => c.primaryKey()).addColumn("userId", "text", (c) => c.references("user.id")).execute();
  for (const column of ["a", "b"]) await db.schema.alterTable("user").addColumn(column, "text").execute();
  await sql`alter table "user" add column "role" text`.execute(db);
}

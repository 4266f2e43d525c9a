import { pgTable, text, timestamp, boolean, index } from "drizzle-orm/pg-core";
export const user = pgTable("user", { id: text("id").primaryKey(), email: text().notNull().unique(), ...stamps },
  (table) => [index("user_email").on(table.email)]);
export const session = pgTable("session", (t) => ({ id: t.text().primaryKey(), userId: t.text("user_id").references(() => user.id, { onDelete: "cascade" }) }));

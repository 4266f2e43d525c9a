@Entity({ name: "user" })
export class User { @PrimaryColumn() id!: string; @Column({ nullable: true, unique: true }) email?: string; @ManyToOne(() => Account) account: Account; }
const { a, ...rest } = { a: 1, b: [2, ...c], [key]: `t${x}` };
const pick = (o: any, k = "x") => (k in o ? o[k] : Object.assign({}, o, rest));
function* g() { yield* [1]; } label: for (const x of y) { if (x) continue label; switch (x) { case 1: break; default: throw x; } }
export * as all from "./all"; export { a as b } from "./b"; module.exports = { auth: require("./auth") };

import { betterAuth } from "better-auth";
const base = { user: { additionalFields: {} } };
function make(list) { list.push(twoFactor()); return { ...base, plugins: list.filter(Boolean).concat([admin()]) }; }
export const auth = betterAuth(make([passkey({ rpID: "a" })]));

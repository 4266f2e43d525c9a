import { passkeyClient } from "@better-auth/passkey/client";
import { createAuthClient } from "better-auth/client";

export const authClient = createAuthClient({ plugins: [passkeyClient()] });

export const signIn = (email: string, password: string) => authClient.signIn.email({ email, password });
export const signInWithPasskey = () => authClient.signIn.passkey();
export const signOut = () => authClient.signOut();

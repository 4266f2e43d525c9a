import { createAuthClient } from "better-auth/client";

export const authClient = createAuthClient();

export const signIn = (email: string, password: string) => authClient.signIn.email({ email, password });
export const signOut = () => authClient.signOut();

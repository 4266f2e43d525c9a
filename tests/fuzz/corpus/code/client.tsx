import { createAuthClient } from "better-auth/react";
import { adminClient } from "better-auth/client/plugins";
export const { signIn, useSession } = createAuthClient({ plugins: [adminClient()], baseURL: import.meta.env.VITE_URL! });
export default function Form() {
  const { data } = useSession();
  return <form onSubmit={(e) => { e.preventDefault(); void signIn.email({ email: e.target.email.value, password: "x" }); }}>
    <input type="password" autoComplete="off" name="password" />{data?.user.name ?? <b>none</b>}
  </form>;
}
localStorage.setItem("token", data.session.token);

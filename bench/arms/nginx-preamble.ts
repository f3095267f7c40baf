/** What any nginx of the bench begins with: nothing outside its own folder is read or written. */
export function nginxPreamble(folder: string): { readonly main: string; readonly http: string } {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `  ${kind}_temp_path ${folder}/${kind};`)
    .join("\n");
  return {
    main: `daemon off;
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 4096; }`,
    http: `${temporary}
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  tcp_nodelay on;`,
  };
}

export const metadata = { title: "Cleaners, ranked on the server and in the browser" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}

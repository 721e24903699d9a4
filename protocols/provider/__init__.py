"""Payment providers: links and QR codes that customers pay, and the word that they did."""
